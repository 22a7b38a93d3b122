//! Where the file may live: its folder, and the file systems that would lose or garble it.

use crate::failpoint;
use crate::store::StoreError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder that a file stands in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes the folder, for this user only and ignored by git. A folder that is there stays as it is.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let missing = !folder.exists();
    if missing {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::File::open(parent)?.sync_all()?;
        }
        failpoint::pass!("folder.made");
    }
    if missing || folder.file_name().is_some_and(|name| name == ".flow") {
        // One without content is what a crash left of it.
        let ignored = folder.join(".gitignore");
        if fs::metadata(&ignored).map_or(0, |file| file.len()) == 0 {
            fs::write(ignored, "*\n")?;
        }
    }
    Ok(())
}

/// Refuses a folder on a network file system: the processes that share a write-ahead log must share memory.
pub(super) fn check_local(store: &str, folder: &Path) -> Result<(), StoreError> {
    let Some(kind) = network(folder) else { return Ok(()) };
    Err(StoreError::Unreachable {
        store: store.to_owned(),
        cause: format!(
            "its folder is on a network file system ({kind}), where the embedded store is not safe; name a store on a local disk \
             with `--store sqlite:PATH`"
        ),
    })
}

#[cfg(target_os = "linux")]
fn network(folder: &Path) -> Option<String> {
    let magic = rustix::fs::statfs(folder).ok()?.f_type;
    // The type is signed on some machines: only the low 32 bits are the number of the manual.
    let magic = u32::try_from(u64::try_from(magic).unwrap_or_default() & 0xFFFF_FFFF).unwrap_or_default();
    let kind = network_kind(magic);
    if kind == Some(FUSE) {
        let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
        return fuse_network(&table, &folder.canonicalize().ok()?);
    }
    kind.map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn network(_: &Path) -> Option<String> {
    None
}

/// Stands for all of FUSE, where the number does not tell a local file system from a network one.
const FUSE: &str = "fuse";

/// The network file systems by the numbers of `statfs(2)`.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn network_kind(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "nfs",
        0x517B => "smb",
        0xFF53_4D42 => "cifs",
        0xFE53_4D42 => "smb2",
        0x5346_414F | 0x6B41_4653 => "afs",
        0x00C3_6400 => "ceph",
        0x0BD0_0BD0 => "lustre",
        0x6573_5546 => FUSE,
        _ => return None,
    })
}

/// The type of the mount that a path stands on, if it is one of the networked FUSE kinds.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn fuse_network(mountinfo: &str, path: &Path) -> Option<String> {
    const NETWORKED: [&str; 6] = ["fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.gcsfuse", "fuse.davfs2"];
    let mut best: Option<(usize, &str)> = None;
    for line in mountinfo.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let point = point.replace("\\040", " ");
        if path.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind).filter(|kind| NETWORKED.contains(kind)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_number() {
        assert_eq!(network_kind(0x6969), Some("nfs"));
        assert_eq!(network_kind(0xFF53_4D42), Some("cifs"));
        assert_eq!(network_kind(0xEF53), None, "ext4 is local");
    }

    #[test]
    fn of_fuse_only_the_networked_kinds_count() {
        let table = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                     40 21 0:50 / /mnt/far\\040away rw,nosuid shared:1 - fuse.sshfs me@host:/x rw\n\
                     41 21 0:51 / /mnt/near rw - fuse.ntfs-3g /dev/sdb1 rw\n";
        assert_eq!(fuse_network(table, Path::new("/mnt/far away/project/.flow")), Some("fuse.sshfs".to_owned()));
        assert_eq!(fuse_network(table, Path::new("/mnt/near/.flow")), None);
        assert_eq!(fuse_network(table, Path::new("/home/.flow")), None);
    }
}
