using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>Values that a template can insert and no response shows, by name.</summary>
public sealed class TemplateSecrets(IReadOnlyDictionary<string, Secret> values) : IEquatable<TemplateSecrets>
{
    public const int MaxCount = 8;

    /// <summary>The longest value, in characters.</summary>
    public const int MaxLength = 2 * 1024;

    public static readonly TemplateSecrets None = new(new SortedDictionary<string, Secret>(StringComparer.Ordinal));

    /// <summary>Those of a preview: every name has the same value.</summary>
    internal static readonly TemplateSecrets Masked = new(None.Values) { _isMasked = true };

    private bool _isMasked;

    public IReadOnlyDictionary<string, Secret> Values => values;

    /// <summary>The value of a name, or null.</summary>
    internal string? Find(string name) => _isMasked ? DisplayUrl.Masked : values.GetValueOrDefault(name)?.Reveal();

    /// <inheritdoc/>
    public bool Equals(TemplateSecrets? other) => other is not null && values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TemplateSecrets);

    /// <inheritdoc/>
    public override int GetHashCode() => values.Count;
}
