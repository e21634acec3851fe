//! A connection to an address that a person gave: TCP, and TLS where the scheme asks for it.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::nginx::request::Origin;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Why nobody could be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The name leads nowhere.
    NoAddress(String),
    /// Nobody listens there.
    Refused(String),
    Broken {
        address: String,
        error: String,
    },
    Silent(String),
    /// The certificate is one that browsers refuse.
    Certificate {
        host: String,
        why: Distrust,
    },
    /// There is no TLS to be spoken there.
    Tls {
        host: String,
        error: String,
    },
}

/// Why a certificate is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Signed by itself, or by an authority that this machine does not know.
    UnknownIssuer,
    Expired,
    NotYetValid,
    OtherName,
    Other(String),
}

impl Distrust {
    fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            // What `openssl req -x509` makes is an authority's, used as a server's.
            CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
                Self::UnknownIssuer
            }
            other => Self::Other(other.to_string()),
        }
    }
}

impl Unreachable {
    /// Whether it is the certificate that is not trusted; then the rest can be looked at all the same.
    pub fn is_certificate(&self) -> bool {
        matches!(self, Self::Certificate { .. })
    }
}

/// Whether a certificate must be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    AsABrowser,
    /// It was told that it is not.
    Blind,
}

/// Connects to an origin: at `connect_to`, if that is said, or where its name leads.
pub(super) async fn open(
    origin: &Origin,
    connect_to: Option<SocketAddr>,
    trust: Trust,
) -> Result<Box<dyn Io>, Unreachable> {
    let host = origin.host.as_str();
    let name = format!("{host}:{}", origin.port);
    let addresses = match connect_to {
        Some(address) => vec![address],
        None => addresses_of(host, origin.port).await?,
    };
    let connected = timeout(PATIENCE, TcpStream::connect(&addresses[..])).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return Err(Unreachable::Refused(name));
        }
        Ok(Err(error)) => {
            return Err(Unreachable::Broken {
                address: name,
                error: error.to_string(),
            });
        }
        Err(_) => return Err(Unreachable::Silent(name)),
    };
    stream.set_nodelay(true).ok();
    if origin.scheme != "https" {
        return Ok(Box::new(stream));
    }
    let refused = |error: String| Unreachable::Tls {
        host: host.to_owned(),
        error,
    };
    let server =
        ServerName::try_from(host.to_owned()).map_err(|error| refused(error.to_string()))?;
    let config = config(trust).map_err(&refused)?;
    let secured = TlsConnector::from(config).connect(server, stream);
    match timeout(PATIENCE, secured).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(match distrust(&error) {
            Some(why) => Unreachable::Certificate {
                host: host.to_owned(),
                why,
            },
            None => refused(error.to_string()),
        }),
        Err(_) => Err(Unreachable::Silent(name)),
    }
}

fn distrust(error: &io::Error) -> Option<Distrust> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(why) => Some(Distrust::of(why)),
        _ => None,
    }
}

async fn addresses_of(host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
    let found = timeout(PATIENCE, lookup_host((host, port))).await;
    match found {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        _ => Err(Unreachable::NoAddress(host.to_owned())),
    }
}

/// Made once: it reads every certificate that this machine trusts.
fn config(trust: Trust) -> Result<Arc<ClientConfig>, String> {
    static MADE: [OnceLock<Result<Arc<ClientConfig>, String>>; 2] = [const { OnceLock::new() }; 2];
    MADE[trust as usize]
        .get_or_init(|| made_config(trust).map(Arc::new))
        .clone()
}

fn made_config(trust: Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(match trust {
        Trust::AsABrowser => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Blind => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
    })
}

/// Nothing secret is sent before the certificate was told to be bad: only the question whether Socket.IO answers.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
