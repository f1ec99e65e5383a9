using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EventSubscriptions.Organizations;

/// <summary>The tenant that events, subscriptions and keys belong to: a positive 32-bit integer.</summary>
public readonly record struct OrganizationId
{
    private OrganizationId(int value) => Value = value;

    /// <summary>The number.</summary>
    public int Value { get; }

    /// <summary>Creates an id from a number; returns false if the number is not valid.</summary>
    public static bool TryFrom(long value, out OrganizationId id)
    {
        id = value is > 0 and <= int.MaxValue ? new OrganizationId((int)value) : default;
        return id.Value > 0;
    }

    /// <summary>Parses the decimal form without sign, spaces or leading zeros, so that each organization has one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OrganizationId id)
    {
        id = default;
        return text is { Length: > 0 }
            && text[0] != '0'
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && TryFrom(value, out id);
    }

    /// <summary>The decimal form, as in routes and partition keys.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
