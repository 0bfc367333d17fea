//! The daemon and its tools; everything is in the library.

fn main() -> std::process::ExitCode {
    tecs_gateway::cli::main()
}
