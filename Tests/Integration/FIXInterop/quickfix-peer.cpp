// The other side of our FIX session, played by QuickFIX (libquickfix-dev), an engine that nobody here wrote.
//
//   quickfix-peer initiator PORT | quickfix-peer acceptor PORT
//
// Commands come line by line on standard input, events go to standard output, one a line:
//   order ID | bad ID | news | report ID
//   logon | logout | app TYPE ID [dup] | sent TYPE ID [dup] | reject TAG REASON | listening | stopped
// The end of standard input stops the engine in order (Logout first).

#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>

#include <quickfix/Application.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/SocketInitiator.h>

namespace {

std::mutex output;

void say(const std::string &line) {
    std::lock_guard<std::mutex> lock(output);
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

std::string field(const FIX::FieldMap &map, int tag) { return map.isSetField(tag) ? map.getField(tag) : "-"; }

std::string described(const FIX::Message &message) {
    std::string type = field(message.getHeader(), 35);
    std::string line = type + " " + field(message, type == "8" ? 17 : 11);
    return field(message.getHeader(), 43) == "Y" ? line + " dup" : line;
}

class Peer : public FIX::Application {
  public:
    void onCreate(const FIX::SessionID &) override {}
    void onLogon(const FIX::SessionID &) override { say("logon"); }
    void onLogout(const FIX::SessionID &) override { say("logout"); }
    void toAdmin(FIX::Message &, const FIX::SessionID &) override {}
    void toApp(FIX::Message &message, const FIX::SessionID &) noexcept override {
        say("sent " + described(message));
    }
    void fromAdmin(const FIX::Message &message, const FIX::SessionID &) noexcept override {
        if (field(message.getHeader(), 35) == "3") say("reject " + field(message, 371) + " " + field(message, 373));
    }
    void fromApp(const FIX::Message &message, const FIX::SessionID &) noexcept override {
        say("app " + described(message));
    }
};

void set(FIX::Message &message, int tag, const std::string &value) { message.setField(tag, value); }

FIX::Message order(const std::string &id, const std::string &quantity) {
    FIX::Message message;
    message.getHeader().setField(35, "D");
    set(message, 11, id);
    set(message, 55, "NVDA");
    set(message, 54, "1");
    set(message, 60, "20231017-13:30:00.000");
    set(message, 38, quantity);
    set(message, 40, "2");
    set(message, 44, "440.25");
    set(message, 59, "0");
    return message;
}

FIX::Message report(const std::string &id) {
    FIX::Message message;
    message.getHeader().setField(35, "8");
    set(message, 37, "B-1");
    set(message, 17, id);
    set(message, 150, "0");
    set(message, 39, "0");
    set(message, 55, "NVDA");
    set(message, 54, "1");
    set(message, 151, "100");
    set(message, 14, "0");
    set(message, 6, "0");
    return message;
}

FIX::Message news() {
    FIX::Message message;
    message.getHeader().setField(35, "B");
    set(message, 148, "headline");
    return message;
}

std::string configuration(bool initiator, const std::string &port) {
    std::ostringstream text;
    text << "[DEFAULT]\nConnectionType=" << (initiator ? "initiator" : "acceptor")
         << "\nStartTime=00:00:00\nEndTime=00:00:00\nUseDataDictionary=N\nReconnectInterval=1\nHeartBtInt=1\n"
         << "SocketConnectHost=127.0.0.1\nSocketConnectPort=" << port << "\nSocketAcceptPort=" << port
         << "\nSocketReuseAddress=Y\nSocketNodelay=Y\nLogonTimeout=5\nLogoutTimeout=2\n"
         << "[SESSION]\nBeginString=FIX.4.4\nSenderCompID=" << (initiator ? "GOVERNOR" : "BROKER")
         << "\nTargetCompID=" << (initiator ? "BROKER" : "GOVERNOR") << "\n";
    return text.str();
}

void obey(const FIX::SessionID &session) {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string verb, id;
        words >> verb >> id;
        FIX::Message message;
        if (verb == "order") message = order(id, "100");
        else if (verb == "bad") message = order(id, "many");
        else if (verb == "report") message = report(id);
        else if (verb == "news") message = news();
        else continue;
        FIX::Session::sendToTarget(message, session);
    }
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) return 64;
    bool initiator = std::string(arguments[1]) == "initiator";
    try {
        std::istringstream text(configuration(initiator, arguments[2]));
        FIX::SessionSettings settings(text);
        FIX::MemoryStoreFactory store;
        Peer peer;
        FIX::SessionID session("FIX.4.4", initiator ? "GOVERNOR" : "BROKER", initiator ? "BROKER" : "GOVERNOR");
        if (initiator) {
            FIX::SocketInitiator engine(peer, store, settings);
            engine.start();
            obey(session);
            engine.stop();
        } else {
            FIX::SocketAcceptor engine(peer, store, settings);
            engine.start();
            say("listening");
            obey(session);
            engine.stop();
        }
    } catch (const std::exception &error) {
        say(std::string("error ") + error.what());
        return 1;
    }
    say("stopped");
    return 0;
}
