//! Embeds the explorer: writes the table of `web/dist`'s files that `src/api/explorer.rs` includes, an empty one where
//! it was not built.

use std::{
    env,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

const BUILT: &str = "web/dist";

fn main() -> io::Result<()> {
    let is_built = Path::new(BUILT).join("index.html").is_file();
    // To watch what is not there is to run at every build, so its folder is watched until it is.
    println!("cargo::rerun-if-changed={}", if is_built { BUILT } else { "web" });
    println!("cargo::rerun-if-changed=build.rs");

    let mut table = String::from("&[\n");
    if is_built {
        let root = fs::canonicalize(BUILT)?;
        for file in files(&root)? {
            let compressed = file.with_added_extension("gz");
            let gzip = match compressed.is_file() {
                true => format!("Some(include_bytes!({compressed:?}))"),
                false => "None".into(),
            };
            let path = file.strip_prefix(&root).map_err(io::Error::other)?;
            writeln!(table, "File {{ path: {path:?}, plain: include_bytes!({file:?}), gzip: {gzip} }},")
                .map_err(io::Error::other)?;
        }
    }
    table.push(']');
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("explorer.rs"), table)
}

/// Every file below, but for the compressed twins of others; in order, so that equal files give equal binaries.
fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut waiting) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_none_or(|extension| extension != "gz") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
