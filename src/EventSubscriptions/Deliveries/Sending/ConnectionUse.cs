namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Observes the connection that a request is sent on.</summary>
internal sealed class ConnectionUse
{
    private static readonly AsyncLocal<ConnectionUse?> s_current = new();
    private static readonly HttpRequestOptionsKey<ConnectionUse> s_key = new("connection use");

    /// <summary>Whether the connection has been used by another request before.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether any byte of a response was received.</summary>
    public bool HasResponse { get; private set; }

    /// <summary>How the receiver refused the client certificate on a connection that was opened for the request; null if it didn't.</summary>
    public string? Refusal { get; set; }

    /// <summary>Also observes the connection that is opened for a request.</summary>
    public HttpRequestMessage Attach(HttpRequestMessage request)
    {
        request.Options.Set(s_key, this);
        return request;
    }

    /// <summary>Observes the requests that the calling method sends from now on.</summary>
    public static ConnectionUse Watch() => s_current.Value = new ConnectionUse();

    /// <summary>
    /// The filter of <see cref="SocketsHttpHandler"/> that makes connections report. HTTP/2 connections are shared and report nothing:
    /// there the server says which requests it has not processed, and the handler resends those.
    /// </summary>
    public static ValueTask<Stream> Filter(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.TryGetValue(s_key, out var use);
        var stream = CertificateRefusal.Watch(context.PlaintextStream, use);
        return new(context.NegotiatedHttpVersion.Major == 1 ? new ReportingStream(stream) : stream);
    }

    /// <summary>An HTTP/1.1 connection. The method that sends a request also writes it, one request after another.</summary>
    private sealed class ReportingStream(Stream inner) : ForwardingStream(inner)
    {
        private ConnectionUse? _use;
        private bool _isUsed;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
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

            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
