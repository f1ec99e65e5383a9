using System.Net.Security;
using System.Security.Cryptography;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// Recognizes receivers that refuse a client certificate. They find out after our part of the handshake, so that it looks like a connection
/// that fails later; not all send an alert (RFC 8446 §6.2).
/// </summary>
internal static class CertificateRefusal
{
    /// <summary>The connection, observed if it has shown a client certificate.</summary>
    /// <param name="connection">The connection after the handshake.</param>
    /// <param name="use">What the request that it was opened for gets to know.</param>
    public static Stream Watch(Stream connection, ConnectionUse? use) =>
        use is not null && connection is SslStream { IsMutuallyAuthenticated: true } ? new WatchedStream(connection, use) : connection;

    /// <summary>The alert that the receiver sent, such as <c>tlsv13 alert certificate required</c>, or null.</summary>
    public static string? AlertIn(Exception? exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            // OpenSSL: error:0A00045C:SSL routines::tlsv13 alert certificate required
            if (cause is CryptographicException && cause.Message.Contains(" alert ", StringComparison.Ordinal))
            {
                return cause.Message[(cause.Message.LastIndexOf(':') + 1)..].Trim();
            }
        }

        return null;
    }

    /// <summary>A connection that may end before anything is received.</summary>
    private sealed class WatchedStream(Stream inner, ConnectionUse use) : ForwardingStream(inner)
    {
        private bool _isAccepted;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var read = await base.ReadAsync(buffer, cancellationToken);
                if (read == 0 && !buffer.IsEmpty)
                {
                    Refuse(exception: null);
                }

                _isAccepted |= read > 0;
                return read;
            }
            catch (IOException exception)
            {
                Refuse(exception);
                throw;
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await base.WriteAsync(buffer, cancellationToken);
            }
            catch (IOException exception)
            {
                Refuse(exception);
                throw;
            }
        }

        private void Refuse(Exception? exception)
        {
            if (!_isAccepted)
            {
                use.Refusal ??=
                    $"The receiver closed the connection when it got the client certificate ({AlertIn(exception) ?? "no alert"}).";
            }
        }
    }
}
