using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EventSubscriptions.Organizations;

/// <summary>
/// The tenant that events, subscriptions and keys belong to: a 32-bit integer, not negative. 0 is the default organization of Binalyze AIR,
/// never a missing one: <c>default</c> throws when it is used.
/// </summary>
public readonly record struct OrganizationId
{
    private readonly int? _value;

    private OrganizationId(int value) => _value = value;

    /// <summary>The number.</summary>
    public int Value => _value ?? throw new InvalidOperationException("There is no organization.");

    /// <summary>Creates an id from a number; returns false if the number is missing or not valid.</summary>
    public static bool TryFrom(long? value, out OrganizationId id)
    {
        var valid = value is >= 0 and <= int.MaxValue;
        id = valid ? new OrganizationId((int)value!.Value) : default;
        return valid;
    }

    /// <summary>Parses the decimal form without sign, spaces or leading zeros, so that each organization has one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OrganizationId id)
    {
        id = default;
        return text is ['0'] or [not '0', ..]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && TryFrom(value, out id);
    }

    /// <summary>The decimal form, as in routes and partition keys.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
