//! The server behind a proxy, and the two kinds of sockets on the way to it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Where the server listens.
#[derive(Debug)]
pub(super) enum Upstream {
    Tcp(SocketAddr),
    Socket(PathBuf),
}

impl Upstream {
    pub(super) fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(address) => Stream::tcp(TcpStream::connect_timeout(address, CONNECT_LIMIT)?),
            Self::Socket(path) => UnixStream::connect(path).map(Stream::Unix),
        }
    }
}

/// A connected socket, used by one thread for reading and by another for writing.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(super) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// Blocks for at least one byte; 0 is the end of the stream.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::Tcp(stream) => (&mut &*stream).read(buffer),
                Self::Unix(stream) => (&mut &*stream).read(buffer),
            };
            if !matches!(&read, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
                return read;
            }
        }
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => (&mut &*stream).write_all(bytes),
            Self::Unix(stream) => (&mut &*stream).write_all(bytes),
        }
    }

    /// A socket that is not connected any more is as shut as it gets, so that is no failure.
    pub(super) fn shutdown(&self, how: Shutdown) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        };
    }
}

/// A connection URL, taken apart as far as it takes to exchange the server in it.
#[derive(Debug)]
pub(super) struct Url<'a> {
    /// `postgres://user:password@`
    front: &'a str,
    host: String,
    port: String,
    database: &'a str,
    /// The parameters that say nothing about host and encryption.
    parameters: Vec<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` for anything but a URL with one host.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let scheme = ["postgres://", "postgresql://"].into_iter().find(|s| url.starts_with(s))?;
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let path = address[scheme.len()..].find('/').map_or(address.len(), |at| at + scheme.len());
        let (authority, database) = address.split_at(path);
        let server = authority.rfind('@').map_or(scheme.len(), |at| at + 1);
        let (front, server) = authority.split_at(server);
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (server, ""),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut found = Self {
            front,
            host: decoded(host),
            port: port.to_owned(),
            database,
            parameters: vec![],
        };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("host" | "hostaddr", value) => found.host = decoded(value),
                ("port", value) => value.clone_into(&mut found.port),
                (name, _) if name.starts_with("ssl") || name == "gssencmode" => {}
                _ => found.parameters.push(parameter),
            }
        }
        (!found.host.contains(',')).then_some(found)
    }

    /// The host, or the folder of the unix socket; empty for libpq's default.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> &str {
        if self.port.is_empty() { "5432" } else { &self.port }
    }

    pub(super) fn with_server(&self, address: SocketAddr) -> String {
        let mut url =
            format!("{}{address}{}?sslmode=disable&gssencmode=disable", self.front, self.database);
        for parameter in &self.parameters {
            url.push('&');
            url.push_str(parameter);
        }
        url
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_and_its_encryption_are_exchanged() {
        let proxy = SocketAddr::from(([127, 0, 0, 1], 7));
        for (url, host, port, through) in [
            ("postgres://db", "db", "5432", "postgres://127.0.0.1:7?"),
            ("postgresql://me@db:1/x", "db", "1", "postgresql://me@127.0.0.1:7/x?"),
            ("postgres://a:p%40w@[::1]:9/x", "::1", "9", "postgres://a:p%40w@127.0.0.1:7/x?"),
            ("postgres://[::1]/x", "::1", "5432", "postgres://127.0.0.1:7/x?"),
            ("postgres://me@%2Frun%2Fpg/x", "/run/pg", "5432", "postgres://me@127.0.0.1:7/x?"),
            ("postgres:///x?host=/run/pg&port=9", "/run/pg", "9", "postgres://127.0.0.1:7/x?"),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!((parsed.host(), parsed.port()), (host, port), "{url}");
            let expected = format!("{through}sslmode=disable&gssencmode=disable");
            assert_eq!(parsed.with_server(proxy), expected);
        }
        let url = "postgres://db/x?sslmode=verify-full&sslrootcert=system&connect_timeout=3";
        assert_eq!(
            Url::parse(url).unwrap().with_server(proxy),
            "postgres://127.0.0.1:7/x?sslmode=disable&gssencmode=disable&connect_timeout=3"
        );
    }

    #[test]
    fn what_names_no_single_server_is_refused() {
        for url in ["", "host=db", "mysql://db/x", "postgres://a,b/x", "postgres://a/x?host=b,c"] {
            assert!(Url::parse(url).is_none(), "{url}");
        }
    }
}
