using BenchmarkDotNet.Attributes;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Subscriptions.Formats.Templates;

namespace Benchmarks.Micro;

/// <summary>What a format adds to an attempt, and what a template costs when its subscription is loaded.</summary>
[MemoryDiagnoser]
public class FormatBenchmarks
{
    private EventContent _content;
    private string _text = "";
    private SubscriptionFormat _template = SubscriptionFormat.Default;
    private readonly SubscriptionFormat _cloudEvents = new SubscriptionFormat.CloudEvents();

    [Params("generic", "slack", "teams")]
    public string Preset { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        EventCatalogue.Load().TryGet("TriageRuleMatchedEvent", out var type);
        var organization = EventType.ExampleOrganization;
        _content = new(
            organization,
            EventId.New(TimeProvider.System),
            type!.Name,
            DateTimeOffset.UnixEpoch,
            type.ExamplePayload(organization)
        );
        _text = TemplatePresets.Find(Preset)!.Body;
        _template = new SubscriptionFormat.Template(new LiquidTemplate(_text), TemplateContentType.Json, Preset, TemplateSecrets.None);
    }

    [Benchmark(Baseline = true)]
    public int Standard() => SubscriptionFormat.Default.Compose(_content, TimeProvider.System).Bytes.Length;

    [Benchmark]
    public int CloudEvents() => _cloudEvents.Compose(_content, TimeProvider.System).Bytes.Length;

    [Benchmark]
    public int Template() => _template.Compose(_content, TimeProvider.System).Bytes.Length;

    [Benchmark]
    public string? Parse() => LiquidTemplate.Check(_text);
}
