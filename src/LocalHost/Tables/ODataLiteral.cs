using System.Globalization;
using System.Xml;

namespace LocalHost.Tables;

/// <summary>Values as OData v3 writes them in URLs.</summary>
internal static class ODataLiteral
{
    public static string Interpolate(FormattableString filter)
    {
        var literals = new object[filter.ArgumentCount];
        for (var i = 0; i < literals.Length; i++)
        {
            literals[i] = Format(filter.GetArgument(i));
        }

        return string.Format(CultureInfo.InvariantCulture, filter.Format, literals);
    }

    public static string Quote(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Format(object? value) =>
        value switch
        {
            null => "null",
            string text => Quote(text),
            char letter => Quote(letter.ToString()),
            bool flag => flag ? "true" : "false",
            int number => number.ToString(CultureInfo.InvariantCulture),
            long number => string.Create(CultureInfo.InvariantCulture, $"{number}L"),
            double number => number.ToString(CultureInfo.InvariantCulture),
            Guid id => $"guid'{id}'",
            DateTimeOffset time => $"datetime'{XmlConvert.ToString(time.UtcDateTime, XmlDateTimeSerializationMode.Utc)}'",
            byte[] bytes => $"X'{Convert.ToHexString(bytes)}'",
            _ => throw new ArgumentException($"A value of type {value.GetType()} has no OData literal.", nameof(value)),
        };
}
