using System.Diagnostics.CodeAnalysis;

namespace EventSubscriptions.Events;

/// <summary>The name of an event: 1–256 characters. Subscriptions match it exactly, or by a pattern.</summary>
public readonly record struct EventName
{
    /// <summary>The longest name in characters.</summary>
    public const int MaxLength = 256;

    private readonly string? _value;

    private EventName(string value) => _value = value;

    /// <summary>Parses a name; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EventName name)
    {
        var valid = text is { Length: > 0 and <= MaxLength };
        name = valid ? new EventName(text!) : default;
        return valid;
    }

    /// <summary>Parses a name; throws <see cref="FormatException"/> if the text is not valid.</summary>
    public static EventName Parse(string? text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"An event name has 1–{MaxLength} characters.");

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
