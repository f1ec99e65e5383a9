using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>The id of a replay: <c>rpl_</c> and a UUIDv7 in lower-case base32, so that ids sort by creation time.</summary>
public readonly record struct ReplayId
{
    private const string Prefix = "rpl_";

    private readonly string? _value;

    private ReplayId(string value) => _value = value;

    /// <summary>The id without its prefix.</summary>
    public string Unique => ToString()[Prefix.Length..];

    /// <summary>Creates an id.</summary>
    public static ReplayId New(TimeProvider time) => new(Base32Id.New(Prefix, time));

    /// <summary>Parses an id; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ReplayId id)
    {
        var valid = Base32Id.IsValid(Prefix, text);
        id = valid ? new ReplayId(text!) : default;
        return valid;
    }

    /// <summary>The run of the replay's deliveries.</summary>
    public DeliveryRun ToRun() => DeliveryRun.TryParse(ToString(), out var run) ? run : default;

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
