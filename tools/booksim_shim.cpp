// Runs BookSim 2's own open-loop experiment, which SANA-FE's Python package carries along as compiled code but
// does not offer: the declarations below are BookSim's, as far as they are needed. Built by run_booksim.py.
#include <iosfwd>
#include <string>
#include <vector>

struct Configuration {
    void ParseString(std::string const& text);
};
// A Configuration with BookSim's defaults. Its size is not known here, and is less than this.
struct BookSimConfig {
    alignas(16) char place[8192];
    BookSimConfig();
};
struct Network {
    static Network* New(Configuration const& config, std::string const& name);
};
struct TrafficManager {
    static TrafficManager* New(Configuration const& config, std::vector<Network*> const& networks);
    bool Run();
};
// The first two fields of a longer one.
struct SimContext {
    std::ostream* watch;
    TrafficManager* manager;
    static SimContext& get();
    void init(Configuration const& config);
};
void InitializeRoutingMap(Configuration const& config);

// `text` has a "name = value" in each line. Results go to standard output.
extern "C" void run_booksim(char const* text) {
    auto& config = *reinterpret_cast<Configuration*>(new BookSimConfig());
    std::string line;
    for (; *text != '\0'; ++text) {
        if (*text == '\n') {
            config.ParseString(line);
            line.clear();
        } else {
            line += *text;
        }
    }
    auto& context = SimContext::get();
    context.watch = nullptr;
    InitializeRoutingMap(config);
    std::vector<Network*> networks{Network::New(config, "network_0")};
    context.init(config);
    context.manager = TrafficManager::New(config, networks);
    context.manager->Run();
}
