using System.Text.Json;
using EventSubscriptions.Events;

namespace EventSubscriptions.Tests.Events;

/// <summary>Operational events that were published, and whether that fails.</summary>
internal sealed class RecordingOperationalEvents : IOperationalEventPublisher
{
    private readonly List<OperationalEvent> _published = [];

    /// <summary>Whether publishing fails.</summary>
    public bool IsDown { get; set; }

    /// <summary>How often it was tried.</summary>
    public int Calls { get; private set; }

    /// <summary>Those that were published, in order.</summary>
    public IReadOnlyList<OperationalEvent> All
    {
        get
        {
            lock (_published)
            {
                return [.. _published];
            }
        }
    }

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names => [.. All.Select(item => item.Name.ToString())];

    /// <summary>The data of the last.</summary>
    public JsonElement LastData => EventPayload.Parse(All[^1].Payload).GetProperty("data");

    public Task<bool> TryPublishAsync(IReadOnlyList<OperationalEvent> events, CancellationToken cancellationToken)
    {
        lock (_published)
        {
            Calls++;
            if (!IsDown)
            {
                _published.AddRange(events);
            }
        }

        return Task.FromResult(!IsDown);
    }
}
