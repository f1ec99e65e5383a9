using System.Text.Json;
using BenchmarkDotNet.Attributes;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;

namespace Benchmarks.Micro;

/// <summary>From what a producer sends to the bytes that receivers get.</summary>
[MemoryDiagnoser]
public class EventBenchmarks
{
    private static readonly EventName s_name = EventName.Parse("CaseClosedEvent");

    private readonly JsonElement _data;
    private readonly OrganizationId _organization;
    private readonly ReadOnlyMemory<byte> _payload;
    private readonly ReadOnlyMemory<byte> _spaced;

    public EventBenchmarks()
    {
        using var document = JsonDocument.Parse("""{"id":"case-id","name":"Case Name","closedOn":"2025-01-28T12:00:00Z"}""");
        _data = document.RootElement.Clone();
        OrganizationId.TryFrom(1, out _organization);
        _payload = EventPayload.Compose(s_name, _organization, _data);
        _spaced =
            """{ "organizationId": 1, "eventName": "CaseClosedEvent", "data": {"id":"case-id","name":"Case Name","closedOn":"2025-01-28T12:00:00Z"} }"""u8.ToArray();
    }

    [Benchmark(Baseline = true)]
    public ReadOnlyMemory<byte> Compose_payload() => EventPayload.Compose(s_name, _organization, _data);

    [Benchmark]
    public bool Read_envelope_that_is_the_payload_already() => EventEnvelope.Read(_payload).Problem is null;

    [Benchmark]
    public bool Read_envelope_that_is_written_otherwise() => EventEnvelope.Read(_spaced).Problem is null;
}
