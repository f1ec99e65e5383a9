using System.Globalization;

namespace EventSubscriptions.Http;

/// <summary>
/// Integers as JSON Schema defines them (2020-12 §6.1.1): numbers without a fractional part in any notation, such as <c>10.0</c> or
/// <c>1e1</c>.
/// </summary>
internal static class JsonInteger
{
    /// <summary>More digits than any number has.</summary>
    private const long Far = int.MaxValue;

    private static readonly long[] s_powersOfTen = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

    /// <summary>Reads a well-formed JSON number; returns false if it is not a 32-bit integer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> number, out int value)
    {
        var exponentAt = number.IndexOfAny((byte)'e', (byte)'E');
        var significand = exponentAt < 0 ? number : number[..exponentAt];
        var pointAt = significand.IndexOf((byte)'.');

        // The place of a digit is its power of ten.
        var place = (pointAt < 0 ? significand.Length : pointAt) + (exponentAt < 0 ? 0 : Exponent(number[(exponentAt + 1)..]));
        var sum = 0L;
        value = 0;
        for (var i = 0; i < significand.Length; i++)
        {
            place -= i == pointAt ? 0 : 1;
            var digit = significand[i] - '0';
            if (digit is < 1 or > 9)
            {
                continue;
            }

            if (place < 0 || place >= s_powersOfTen.Length)
            {
                return false;
            }

            sum += digit * s_powersOfTen[place];
        }

        sum = significand[0] == '-' ? -sum : sum;
        value = (int)sum;
        return value == sum;
    }

    private static long Exponent(ReadOnlySpan<byte> digits) =>
        int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) ? exponent
        : digits[0] == '-' ? -2 * Far
        : 2 * Far;
}
