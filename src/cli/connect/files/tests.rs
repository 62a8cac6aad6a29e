use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;
use crate::client::CopiedFile;
use crate::protocol::FileTree;

const WAIT: Duration = Duration::from_secs(20);

const ID: TransferId = TransferId(0xabc);

/// A device whose client is told what is done.
struct Device {
    place: tempfile::TempDir,
    files: DeviceFiles,
    told: Receiver<Input>,
}

impl Device {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (tell, told) = channel();
        let folder = Folder::named(place.path().join("downloads"), "--download-dir").unwrap();
        let files = DeviceFiles::new(folder, move |input| {
            let _ = tell.send(input);
        });
        let mut device = Self { place, files, told };
        device.files.set_database(&device.at("1.redb"));
        device
    }

    fn at(&self, below: &str) -> PathBuf {
        self.place.path().join(below)
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.at("chart.pdf");
        fs::write(&path, content).unwrap();
        path
    }

    fn copied(&self) -> Result<Box<CopiedFile>, String> {
        match self.told.recv_timeout(WAIT) {
            Ok(Input::Copied { id, file }) if id == ID => file,
            other => panic!("{other:?}"),
        }
    }

    fn saved(&self) -> Result<String, String> {
        match self.told.recv_timeout(WAIT) {
            Ok(Input::Saved { id, path }) if id == ID => path,
            other => panic!("{other:?}"),
        }
    }

    fn left(&self, kind: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at("1.files").join(kind)).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[test]
fn copy_is_read_after_a_restart_and_is_removed_when_it_is_sent() {
    let mut device = Device::new();
    let path = device.file(b"the chart");
    device.files.copy(ID, &path, 100);
    let copied = device.copied().unwrap();
    assert_eq!(copied.tree, FileTree::read(&mut &b"the chart"[..]).unwrap());
    let mode = fs::metadata(device.at("1.files/outgoing"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let mut again = DeviceFiles::new(Folder::default(), |_| ());
    again.set_database(&device.at("1.redb"));
    again.keep(&[ID, TransferId(4)]).unwrap();
    let mut bytes = [0; 20];
    assert_eq!(again.read_copy(ID, 4, &mut bytes).unwrap(), 5);
    assert_eq!(&bytes[..5], b"chart");
    again.remove_copy(ID).unwrap();
    again.remove_copy(ID).unwrap();
    assert!(again.read_copy(ID, 0, &mut bytes).is_err());
    assert_eq!(device.left("outgoing"), [] as [&str; 0]);
}

#[test]
fn file_that_cannot_be_copied_is_answered_too() {
    let mut device = Device::new();
    device.files.copy(ID, &device.at("nothing"), 100);
    assert!(device.copied().unwrap_err().contains("No such file"));
    let path = device.file(b"chart");
    fs::remove_dir_all(device.at("1.files")).unwrap();
    fs::write(device.at("1.files"), "a file in its place").unwrap();
    device.files.copy(ID, &path, 5);
    assert!(device.copied().unwrap_err().contains("not a directory"));
    fs::remove_file(device.at("1.files")).unwrap();
    device.files.copy(ID, &path, 4);
    assert!(device.copied().unwrap_err().contains("larger than 4 bytes"));
    device.files.copy(ID, &path, 5);
    device.copied().unwrap();
}

#[test]
fn copy_that_is_removed_before_it_is_made_is_not_made() {
    let mut device = Device::new();
    let path = device.file(&vec![1; 10_000_000]);
    device.files.copy(ID, &path, u64::MAX);
    device.files.remove_copy(ID).unwrap();
    let other = TransferId(2);
    device.files.copy(other, &path, u64::MAX);
    // One after the other: if the first were told of, it would come first.
    match device.told.recv_timeout(WAIT) {
        Ok(Input::Copied { id, file: Ok(_) }) => assert_eq!(id, other),
        told => panic!("{told:?}"),
    }
    assert_eq!(device.left("outgoing"), [file_name(other)]);
}

#[test]
fn part_goes_on_where_it_was_and_is_saved() {
    let mut device = Device::new();
    let files = &mut device.files;
    assert_eq!(files.part_bytes(ID).unwrap(), 0);
    files.write_part(ID, 0, b"the chart").unwrap();
    files.write_part(ID, 4, b"paper, all of it").unwrap();
    assert!(files.write_part(ID, 21, b"x").is_err());
    files.write_part(ID, 20, b".").unwrap();
    let mut again = DeviceFiles::new(Folder::default(), |_| ());
    again.set_database(&device.at("1.redb"));
    assert_eq!(again.part_bytes(ID).unwrap(), 21);
    let mut bytes = [0; 30];
    assert_eq!(again.read_part(ID, 4, &mut bytes).unwrap(), 17);
    assert_eq!(&bytes[..17], b"paper, all of it.");
    let save_as = SaveAs::Named("../chart.pdf".into());
    for _ in 0..2 {
        // The second time after a crash before the place was recorded.
        device.files.save_part(ID, &save_as);
        let saved = device.saved().unwrap();
        assert!(saved.ends_with("/downloads/chart.pdf"), "{saved}");
        assert_eq!(fs::read(saved).unwrap(), b"the paper, all of it.");
    }
    device.files.remove_part(ID).unwrap();
    assert!(device.at("downloads/chart.pdf").exists());
    assert_eq!(device.left("incoming"), [] as [&str; 0]);
    device.files.save_part(ID, &save_as);
    let empty = device.saved().unwrap();
    assert!(empty.ends_with("chart (2).pdf"), "{empty}");
}

/// A run was killed after a file had its place and before that was on record. The user wrote into the file, and the next run
/// wrote what it had fetched over that.
#[test]
fn file_that_has_its_place_is_the_users_and_is_not_written_again() {
    let mut device = Device::new();
    device.files.write_part(ID, 0, b"the chart").unwrap();
    device
        .files
        .save_part(ID, &SaveAs::Named("chart.pdf".into()));
    let saved = device.saved().unwrap();
    fs::write(&saved, "the user's own work").unwrap();
    device.files.write_part(ID, 4, b"chart").unwrap();
    assert_eq!(fs::read(&saved).unwrap(), b"the user's own work");
    device
        .files
        .save_part(ID, &SaveAs::Named("chart.pdf".into()));
    let again = device.saved().unwrap();
    assert!(again.ends_with("chart (2).pdf"), "{again}");
    assert_eq!(fs::read(again).unwrap(), b"the chart");
    assert_eq!(device.left("incoming"), [file_name(ID)]);
}

#[test]
fn what_an_earlier_run_has_left_is_removed_and_nothing_else() {
    let mut device = Device::new();
    device.files.write_part(ID, 0, b"kept").unwrap();
    device.files.write_part(TransferId(2), 0, b"left").unwrap();
    let path = device.file(b"chart");
    device.files.copy(ID, &path, 100);
    device.copied().unwrap();
    fs::write(device.at("1.files/outgoing/00000000000000ff.new"), "half").unwrap();
    // One that was begun just before.
    let making = TransferId(7);
    let half = format!("{}.new", file_name(making));
    fs::write(device.at("1.files/outgoing").join(&half), "half").unwrap();
    fs::write(device.at("1.files/other"), "not ours").unwrap();
    device.files.keep(&[ID, making]).unwrap();
    assert_eq!(device.left("incoming"), [file_name(ID)]);
    let mut left = device.left("outgoing");
    left.sort();
    assert_eq!(left, [half, file_name(ID)]);
    assert!(device.at("1.files/other").exists());
    let mut fresh = Device::new();
    fresh.files.keep(&[]).unwrap();
}

#[test]
fn each_device_has_files_of_its_own() {
    let mut device = Device::new();
    device.files.write_part(ID, 0, b"first").unwrap();
    device.files.set_database(&device.at("2.redb"));
    assert_eq!(device.files.part_bytes(ID).unwrap(), 0);
    device.files.keep(&[]).unwrap();
    device.files.set_database(&device.at("1.redb"));
    assert_eq!(device.files.part_bytes(ID).unwrap(), 5);
}

#[test]
fn file_that_is_not_wanted_once_it_is_saved_does_not_stay() {
    let device = Device::new();
    let path = device.file(b"chart");
    let told = after_saving(Ok(path.clone()), true);
    assert_eq!(told, Some(Ok(path.to_str().unwrap().to_owned())));
    assert!(path.exists());
    assert_eq!(after_saving(Ok(path.clone()), false), None);
    assert!(!path.exists());
    assert_eq!(after_saving(Err("the disk is full".into()), false), None);
}
