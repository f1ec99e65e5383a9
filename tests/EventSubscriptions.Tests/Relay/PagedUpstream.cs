using System.Globalization;
using System.Text.Json;
using EventSubscriptions.Relay;

namespace EventSubscriptions.Tests.Relay;

/// <summary>An event list with the page limits, time precision and order that Relay may have.</summary>
internal sealed class PagedUpstream
{
    private readonly List<RelayEvent> _events = [];

    public int Cap { get; init; } = int.MaxValue;

    /// <summary>The response is too large with more events than this.</summary>
    public int MaxCount { get; init; } = int.MaxValue;

    public TimeSpan Precision { get; init; } = TimeSpan.FromMicroseconds(1);

    public bool NewestFirst { get; init; }

    public Random? Shuffle { get; init; }

    public List<(DateTimeOffset Oldest, int Limit)> Requests { get; } = [];

    public IEnumerable<DateTimeOffset> Moments => _events.Select(item => item.At!.Value).Distinct();

    public PagedUpstream Add(DateTimeOffset at, int count = 1)
    {
        for (var n = 0; n < count; n++)
        {
            _events.Add(Event($"e{_events.Count}", at));
        }

        return this;
    }

    public HashSet<string> IdsOf(DateTimeOffset moment) => [.. _events.Where(item => item.At == moment).Select(item => item.Id.ToString())];

    /// <summary>Returns null if the response would be too large.</summary>
    public RelayPage? GetPage(DateTimeOffset oldest, int limit)
    {
        Requests.Add((oldest, limit));
        var from = oldest.AddTicks(-(oldest.Ticks % Precision.Ticks));
        var found = _events.Where(item => item.At >= from);
        var page = (NewestFirst ? found.OrderByDescending(item => item.At) : found.OrderBy(item => item.At))
            .Take(Math.Min(limit, Cap))
            .ToArray();
        Shuffle?.Shuffle(page);
        return page.Length > MaxCount ? null : new RelayPage(page);
    }

    /// <summary>Asserts that all events before the reported time were read, unless pages are limited.</summary>
    public void AssertIsRead(DateTimeOffset readUpTo, IReadOnlySet<string> ids)
    {
        if (Cap == int.MaxValue && MaxCount == int.MaxValue)
        {
            Assert.All(_events.Where(item => item.At < readUpTo), item => Assert.Contains(item.Id.ToString(), ids));
        }
    }

    public static RelayEvent Event(string id, DateTimeOffset? at)
    {
        var time = at is null ? "null" : $"\"{at.Value.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}\"";
        using var json = JsonDocument.Parse($$"""{"id":"{{id}}","timestamp":{{time}}}""");
        return RelayEvent.Read(json.RootElement);
    }
}
