using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>An OTLP collector (http/protobuf) that keeps what it gets.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _exports = new();
    private readonly WebApplication _server;

    private Collector(WebApplication server) => _server = server;

    public string Address { get; private set; } = "";

    /// <summary>Everything that came, as it came.</summary>
    public IEnumerable<byte[]> Exports => _exports.Select(export => export.Body);

    public IReadOnlyList<OtlpResource> Resources =>
        [.. _exports.SelectMany(export => Of(export, 1)).Select(part => new OtlpResource(part.Message(1)))];

    public IReadOnlyList<OtlpSpan> Spans => [.. Scoped("/v1/traces").Select(span => new OtlpSpan(span.Scope, span.Item))];

    public IReadOnlyList<OtlpMetric> Metrics => [.. Scoped("/v1/metrics").Select(metric => new OtlpMetric(metric.Scope, metric.Item))];

    public IReadOnlyList<OtlpLog> Logs => [.. Scoped("/v1/logs").Select(log => new OtlpLog(log.Item))];

    public static async Task<Collector> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var collector = new Collector(server);
        server.Run(collector.Take);
        await server.StartAsync();
        collector.Address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return collector;
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task Take(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _exports.Enqueue((context.Request.Path.Value!, body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }

    private IEnumerable<(string Scope, ProtoMessage Item)> Scoped(string path) =>
        from export in _exports
        where export.Path == path
        from resource in Of(export, 1)
        from scope in resource.Messages(2)
        from item in scope.Messages(2)
        select (scope.Message(1).Text(1), item);

    private static IEnumerable<ProtoMessage> Of((string Path, byte[] Body) export, int field) =>
        ProtoMessage.Parse(export.Body).Messages(field);
}

/// <summary>What a process says of itself: <c>opentelemetry.proto.resource.v1.Resource</c>.</summary>
internal sealed class OtlpResource(ProtoMessage message)
{
    public IReadOnlyDictionary<string, string> Attributes { get; } = message.Attributes(1);
}

/// <summary><c>opentelemetry.proto.trace.v1.Span</c>.</summary>
internal sealed class OtlpSpan(string scope, ProtoMessage message)
{
    public string Scope { get; } = scope;

    public string TraceId { get; } = message.Hex(1);

    public string SpanId { get; } = message.Hex(2);

    public string ParentSpanId { get; } = message.Hex(4);

    public string Name { get; } = message.Text(5);

    public IReadOnlyDictionary<string, string> Attributes { get; } = message.Attributes(9);

    public string TraceParent => $"00-{TraceId}-{SpanId}-01";
}

/// <summary><c>opentelemetry.proto.metrics.v1.Metric</c>, the dimensions of its points beside it.</summary>
internal sealed class OtlpMetric(string scope, ProtoMessage message)
{
    private const int Gauge = 5;
    private const int Sum = 7;
    private const int Histogram = 9;

    public string Scope { get; } = scope;

    public string Name { get; } = message.Text(1);

    public string Unit { get; } = message.Text(3);

    public IReadOnlyList<IReadOnlyDictionary<string, string>> Points { get; } =
    [
        .. message.Messages(Gauge).Concat(message.Messages(Sum)).SelectMany(data => data.Messages(1)).Select(point => point.Attributes(7)),
        .. message.Messages(Histogram).SelectMany(data => data.Messages(1)).Select(point => point.Attributes(9)),
    ];
}

/// <summary><c>opentelemetry.proto.logs.v1.LogRecord</c>.</summary>
internal sealed class OtlpLog(ProtoMessage message)
{
    public string Body { get; } = message.Message(5).Text(1);

    public IReadOnlyDictionary<string, string> Attributes { get; } = message.Attributes(6);
}
