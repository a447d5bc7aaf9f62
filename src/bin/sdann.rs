//! The command line. All of it is in the library, where tests and documentation reach it.

fn main() -> std::process::ExitCode {
    sdann::cli::main()
}
