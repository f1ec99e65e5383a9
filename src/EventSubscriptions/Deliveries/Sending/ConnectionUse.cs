namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Observes the connection that a request is sent on.</summary>
internal sealed class ConnectionUse
{
    private static readonly AsyncLocal<ConnectionUse?> s_current = new();

    /// <summary>Whether the connection has been used by another request before.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether any byte of a response was received.</summary>
    public bool HasResponse { get; private set; }

    /// <summary>Observes the requests that the calling method sends from now on.</summary>
    public static ConnectionUse Watch() => s_current.Value = new ConnectionUse();

    /// <summary>
    /// The filter of <see cref="SocketsHttpHandler"/> that makes connections report. HTTP/2 connections are shared and report nothing:
    /// there the server says which requests it has not processed, and the handler resends those.
    /// </summary>
    public static ValueTask<Stream> Filter(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken) =>
        new(context.NegotiatedHttpVersion.Major == 1 ? new ReportingStream(context.PlaintextStream) : context.PlaintextStream);

    /// <summary>An HTTP/1.1 connection. The method that sends a request also writes it, one request after another.</summary>
    private sealed class ReportingStream(Stream inner) : Stream
    {
        private ConnectionUse? _use;
        private bool _isUsed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            if (read > 0 && _use is { } use)
            {
                use.HasResponse = true;
            }

            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (s_current.Value is { } use && use != _use)
            {
                use.IsReused = _isUsed;
                _use = use;
                _isUsed = true;
            }

            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
