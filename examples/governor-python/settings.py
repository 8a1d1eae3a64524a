"""What the environment says: addresses, symbols, limits, fees. Every mistake is collected before the start is refused."""

import json
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import parse_qs, unquote, urlsplit

# key: (default, smallest legal value)
LIMITS = {
    "opening_equity": (10_000_000_000, 1), "max_order_quantity": (1_000, 1), "max_order_notional": (5_000_000_000, 1),
    "max_position": (2_000, 0), "max_gross_exposure_bp": (10_000, 0), "max_net_exposure_bp": (10_000, 0),
    "max_open_orders": (200, 0), "max_open_notional": (10_000_000_000, 0), "max_orders_per_second": (500, 1),
    "max_exits_per_second": (200, 1), "max_cancels_per_second": (500, 1), "duplicate_window_ms": (5, 0),
    "max_repeated_orders": (50, 1), "repeat_window_ms": (1_000, 0), "price_collar_bp": (500, 0),
    "max_quote_age_ms": (500, 1), "max_daily_loss_bp": (400, 0), "max_drawdown_bp": (800, 0),
}
LARGEST = 1 << 56

FEES = {
    "schema": "gauntlet.fees/1", "name": "us-equities-2023-10", "currency": "USD", "sec_per_million_sold": "8.00",
    "taf_per_share_sold": "0.000145", "taf_maximum": "7.27", "taker_per_share": "0.0030",
    "maker_per_share": "-0.0021", "exchange_price_minimum": "1.00", "taker_percent_below": "0.30",
    "clearing_per_share": "0.0002", "commission_tiers": [{"from_shares": 0, "per_share": "0.005"}],
    "commission_minimum": "1.00", "commission_maximum_percent": "1.00", "rounding_unit": "0.01",
    "rounding": "nearest",
}
RATE = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,8})?")


@dataclass
class Settings:
    redis: tuple
    feed: tuple
    redis_password: str | None
    broker: tuple
    postgres: dict
    metrics_port: int
    symbols: list
    limits: dict
    fees: dict
    shadow: bool


class Mistakes(Exception):
    """All that is wrong with the environment, one text each."""


def address(name, mistakes, default=None):
    text = os.environ.get(name, default)
    match = re.fullmatch(r"(.+):([0-9]{1,5})", text or "")
    if not match or not 0 < int(match[2]) < 65536:
        mistakes.append(f"{name}: expected host:port, found {text!r}")
        return None
    return match[1].strip("[]"), int(match[2])


def postgres(mistakes):
    text = os.environ.get("GAUNTLET_POSTGRES", "")
    try:
        url = urlsplit(text)
        if url.scheme not in ("postgres", "postgresql") or not url.hostname:
            raise ValueError("not a postgresql:// URL with a host")
        password = unquote(url.password) if url.password else None
        if passfile := parse_qs(url.query).get("passfile"):
            # libpq's format, host:port:database:user:password; of ours there is one line.
            password = first_line(passfile[0]).split(":", 4)[4]
        return {"host": url.hostname, "port": url.port or 5432, "user": unquote(url.username or "postgres"),
                "password": password,
                "database": unquote(url.path.lstrip("/")) or unquote(url.username or "postgres")}
    except (OSError, ValueError, IndexError) as error:
        mistakes.append(f"GAUNTLET_POSTGRES: {error}, found {text!r}")


def redis_password(mistakes):
    path = os.environ.get("GAUNTLET_REDIS_PASSWORD_FILE")
    try:
        return first_line(path) if path else None
    except OSError as error:
        mistakes.append(f"GAUNTLET_REDIS_PASSWORD_FILE: {error}")


def first_line(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\n")


def read_json(name, mistakes):
    path = os.environ.get(name)
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        if isinstance(value, dict):
            return value
        mistakes.append(f"{name}: {path}: expected an object")
    except (OSError, ValueError) as error:
        mistakes.append(f"{name}: {path}: {error}")
    return None


def limits(mistakes):
    value = read_json("GAUNTLET_LIMITS", mistakes)
    if value is None:
        return {key: default for key, (default, _) in LIMITS.items()}
    for key in sorted(LIMITS.keys() ^ value.keys()):
        mistakes.append(f"GAUNTLET_LIMITS: key {key!r} is {'missing' if key in LIMITS else 'unknown'}")
    for key in LIMITS.keys() & value.keys():
        if type(value[key]) is not int or not LIMITS[key][1] <= value[key] <= LARGEST:
            mistakes.append(f"GAUNTLET_LIMITS: {key}: expected {LIMITS[key][1]} to {LARGEST}, found {value[key]!r}")
    return value


def fees(mistakes):
    value = read_json("GAUNTLET_FEES", mistakes) or FEES
    for key in sorted(FEES.keys() ^ value.keys()):
        mistakes.append(f"GAUNTLET_FEES: key {key!r} is {'missing' if key in FEES else 'unknown'}")
    texts = FEES.keys() - {"schema", "name", "currency", "commission_tiers", "rounding"}
    exact = dict(value)
    try:
        for key in texts & value.keys():
            exact[key] = rate(value[key])
        exact["commission_tiers"] = [(tier["from_shares"], rate(tier["per_share"])) for tier in
                                     value.get("commission_tiers", [])]
        if value.get("rounding") not in ("nearest", "up") or not exact.get("rounding_unit"):
            raise ValueError("rounding or rounding_unit")
    except (KeyError, TypeError, ValueError) as error:
        mistakes.append(f"GAUNTLET_FEES: illegal value: {error}")
    return exact


def rate(text):
    """Exact: a rate such as 0.000145 has no binary form, so it never becomes a float."""
    if not RATE.fullmatch(text):
        raise ValueError(f"expected decimal text, found {text!r}")
    return Fraction(text)


def from_environment():
    mistakes = []
    symbols = [part for part in os.environ.get("GAUNTLET_SYMBOLS", "").split(",") if part]
    if not symbols or len(set(symbols)) != len(symbols):
        mistakes.append("GAUNTLET_SYMBOLS: expected different symbols, separated by commas")
    mode = os.environ.get("GAUNTLET_MODE", "live")
    if mode not in ("live", "shadow"):
        mistakes.append(f"GAUNTLET_MODE: expected live or shadow, found {mode!r}")
    port = os.environ.get("GAUNTLET_METRICS_PORT", "8000")
    if not port.isdigit() or not 0 < int(port) < 65536:
        mistakes.append(f"GAUNTLET_METRICS_PORT: expected a port, found {port!r}")
    redis = address("GAUNTLET_REDIS", mistakes)
    settings = Settings(
        redis=redis, feed=address("GAUNTLET_FEED", mistakes) if os.environ.get("GAUNTLET_FEED") else redis,
        redis_password=redis_password(mistakes),
        broker=address("GAUNTLET_BROKER", mistakes), postgres=postgres(mistakes),
        metrics_port=int(port) if port.isdigit() else 0, symbols=symbols, limits=limits(mistakes),
        fees=fees(mistakes), shadow=mode == "shadow")
    if mistakes:
        raise Mistakes(*mistakes)
    return settings
