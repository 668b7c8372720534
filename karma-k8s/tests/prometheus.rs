//! A Prometheus over a real connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use karma_core::Seconds;
use karma_k8s::observe::PrometheusParams;

const ANSWER: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"deployment":"api"},"value":[1,"20"]}]}}"#;

/// Answers every question of a connection until it is closed.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some((_, value)) = line.to_ascii_lowercase().split_once("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        write!(writer, "{head} {}\r\n\r\n{ANSWER}", ANSWER.len())?;
    }
}

/// Questions may be as far apart as the longest wait for an answer: an idle connection must not be given up for that, or it ends
/// just when the next question goes out, which fails then.
#[tokio::test]
async fn a_connection_outlives_the_time_between_two_questions() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    let wait = 0.3;
    let params = PrometheusParams {
        url: format!("http://{address}"),
        timeout_seconds: wait,
        ..PrometheusParams::default()
    };
    let prometheus = params.connect().unwrap();
    for _ in 0..3 {
        let samples = prometheus.ask("up", Seconds(1.0)).await.unwrap();
        assert_eq!(samples[0].deployment, "api");
        tokio::time::sleep(Duration::from_secs_f64(1.5 * wait)).await;
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
