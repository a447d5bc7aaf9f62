//! Building and serving the page with Trunk.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{offline, paths, process, setup, sizes, split, tools};

/// How to serve the page.
#[derive(Args)]
pub struct ServeOptions {
    /// The port to serve on.
    #[arg(long, short, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The address to serve on; 0.0.0.0 lets other machines see the page.
    #[arg(long, short, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Open the page in the default browser.
    #[arg(long)]
    open: bool,
    /// Build faster, for work on the page itself. Either way the page is built anew at every change.
    #[arg(long)]
    dev: bool,
}

/// Builds the release page into `dist/`.
pub fn build() -> Result<()> {
    prepare()?;
    process::run(
        trunk()?
            .args(["build", "--release", "--offline=true"])
            .env(split::MARK, "1"),
    )?;
    split::split(&paths::dist())?;
    offline::write(&paths::dist())?;
    // What is too large can be looked at all the same; `cargo xtask test` takes it for a failure.
    if let Err(error) = sizes::check(&paths::dist()) {
        println!("warning: {error:#}");
    }
    Ok(())
}

/// Builds and serves the page until it is told to stop.
pub fn serve(options: &ServeOptions) -> Result<()> {
    let address = SocketAddr::new(options.address, options.port);
    check_free(address)?;
    prepare()?;
    let started = SystemTime::now();
    let mut command = trunk()?;
    command
        .args(["serve", "--offline=true"])
        .arg(format!("--address={}", options.address))
        .arg(format!("--port={}", options.port))
        .arg(format!("--open={}", options.open))
        // Trunk reloads pages by an inline script, which the page's own policy forbids.
        .arg("--no-autoreload=true");
    if !options.dev {
        command.arg("--release");
    }
    println!("Building the page; its address comes when it is served (the first time: about 3 min)");
    let trunk = stop_with_us(command)?;
    thread::spawn(move || announce(address, started));
    wait(&trunk)
}

/// What Trunk needs but won't fetch: its own tools, and the crates, since it builds offline.
fn prepare() -> Result<()> {
    setup::ensure(setup::BUILD)?;
    tools::check_wasm_bindgen()?;
    process::run(process::command("cargo").args(["fetch", "--quiet"]))
}

fn trunk() -> Result<Command> {
    let mut command = process::command(tools::TRUNK.path_of("trunk")?);
    command.env("PATH", tools::path_with_tools()?);
    // Trunk takes only true and false here, and some systems set NO_COLOR=1 as its convention has it.
    if std::env::var_os("NO_COLOR").is_some() {
        command.env("NO_COLOR", "true");
    }
    Ok(command)
}

fn check_free(address: SocketAddr) -> Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {} is in use: stop the program that uses it, or name another port with --port",
            address.port()
        ),
        Err(error) => Err(error).with_context(|| format!("can't serve on {address}")),
    }
}

/// Starts a server that ends when we are told to end, by Ctrl-C or by another program.
fn stop_with_us(mut command: Command) -> Result<Arc<Mutex<Child>>> {
    let child = Arc::new(Mutex::new(command.spawn().context("could not start Trunk")?));
    let stopped = Arc::clone(&child);
    ctrlc::set_handler(move || {
        let mut trunk = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        // Both fail only if it ended by itself, on the same Ctrl-C.
        let _ = trunk.kill();
        let _ = trunk.wait();
        std::process::exit(0);
    })
    .context("can't listen for Ctrl-C")?;
    Ok(child)
}

/// Waits without holding the lock, which the Ctrl-C handler needs.
fn wait(child: &Mutex<Child>) -> Result<()> {
    loop {
        let status = child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?;
        match status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("Trunk failed ({status})"),
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Trunk serves whatever there is once its first build ended, well or not.
fn announce(address: SocketAddr, started: SystemTime) {
    let url = url(address);
    while TcpStream::connect(reachable(address)).is_err() {
        thread::sleep(Duration::from_millis(200));
    }
    let built = fs::metadata(paths::dist().join("index.html")).and_then(|page| page.modified());
    if built.is_ok_and(|built| built >= started) {
        println!("\nSDANN Explorer is served at {url}\nCtrl-C stops it.\n");
    } else {
        println!("\nThe build failed; once it is mended, the page appears at {url}\n");
    }
}

/// A server on all addresses is reached on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => ([127, 0, 0, 1], address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{}/", reachable(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_an_error_that_says_what_to_do() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let error = check_free(taken.local_addr().unwrap()).unwrap_err();
        assert!(error.to_string().contains("--port"), "{error}");
    }

    #[test]
    fn a_server_on_all_addresses_is_announced_on_one_that_can_be_opened() {
        assert_eq!(url(([0, 0, 0, 0], 80).into()), "http://127.0.0.1:80/");
        assert_eq!(url(([192, 168, 0, 2], 8080).into()), "http://192.168.0.2:8080/");
    }
}
