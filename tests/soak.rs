//! Half a minute of the soak, so that it keeps working.

use std::time::Duration;

use soak::{Program, Settings, soak};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_half_a_minute_with_faults() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        length: Duration::from_secs(25),
        clients: 4,
        seed: 1,
        store: None,
        program: Program {
            path: env!("CARGO_BIN_EXE_application").into(),
            arguments: vec!["--log".into()],
        },
        folder: folder.path().to_owned(),
    };
    let report = soak(&settings, &|line| eprintln!("{line}")).await;
    let report = report.unwrap_or_else(|error| panic!("{error:#}"));
    eprintln!("{report}");
    // What the log says of requests is understood.
    let text = report.to_string();
    for route in [
        "GET accountManagement/v5/billingAccount/{id}",
        "PATCH customerBillManagement/v5/customerBill/{id}",
    ] {
        assert!(text.contains(&format!("\n| {route} |")), "{route}");
    }
    // How long requests take is no matter of a test.
    let broken: Vec<_> = report.broken().filter(|it| !it.is_about_time()).collect();
    assert!(broken.is_empty(), "{broken:?}");
}
