//! The origin as a program: prints its port, and exits when its standard input is closed.

#[path = "origin.rs"]
mod origin;

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let origin = origin::Origin::start()?;
    let mut out = io::stdout();
    writeln!(out, "{}", origin.port())?;
    out.flush()?;
    let mut ignored = [0; 64];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(())
}
