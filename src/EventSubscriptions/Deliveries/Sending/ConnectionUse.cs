namespace EventSubscriptions.Deliveries.Sending;

/// <summary>What is known of the connection that a request was sent on.</summary>
internal sealed class ConnectionUse
{
    private static readonly AsyncLocal<ConnectionUse?> s_current = new();

    /// <summary>Whether another request was sent on the connection before.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether anything has come back.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>Watches the requests that the calling method sends from now on.</summary>
    public static ConnectionUse Watch() => s_current.Value = new ConnectionUse();

    /// <summary>
    /// The filter of <see cref="SocketsHttpHandler"/> that makes connections report. Requests over HTTP/2 share their connection and report
    /// nothing: there the server says which of them it has not seen, and the handler sends those again by itself.
    /// </summary>
    public static ValueTask<Stream> Filter(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken) =>
        new(context.NegotiatedHttpVersion.Major == 1 ? new ReportingStream(context.PlaintextStream) : context.PlaintextStream);

    /// <summary>A connection of HTTP/1.1. A request is written by the method that sends it, and one after another.</summary>
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
                use.HasAnswer = true;
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
