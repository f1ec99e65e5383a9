using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Benchmarks.Load;

/// <summary>One figure, and the goal that it is held against where there is one.</summary>
internal sealed record Figure(string Key, string Name, double Value, string Unit, double? AtMost = null, double? AtLeast = null)
{
    public bool? Met =>
        AtMost is { } most ? Value <= most
        : AtLeast is { } least ? Value >= least
        : null;

    public string Goal =>
        AtMost is { } most ? $"<= {Text(most)}"
        : AtLeast is { } least ? $">= {Text(least)}"
        : "";

    public string ValueText => Text(Value);

    private static string Text(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);
}

/// <summary>The figures of one run.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };
    private readonly List<Figure> _figures = [];

    public void Add(Figure figure) => _figures.Add(figure);

    public double? ValueOf(string key) => _figures.Find(figure => figure.Key == key)?.Value;

    public void WriteTable(TextWriter output)
    {
        var width = _figures.Max(figure => figure.Name.Length);
        output.WriteLine($"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
        output.WriteLine();
        output.WriteLine($"{"".PadRight(width)}  {"measured", 12}  {"", -8}  {"goal", 12}");
        foreach (var figure in _figures)
        {
            var verdict = figure.Met switch
            {
                true => "met",
                false => "missed",
                null => "",
            };
            output.WriteLine(
                $"{figure.Name.PadRight(width)}  {figure.ValueText, 12}  {figure.Unit, -8}  {figure.Goal, 12}  {verdict}".TrimEnd()
            );
        }
    }

    public void WriteJson(TextWriter output) =>
        output.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    cores = Environment.ProcessorCount,
                    system = RuntimeInformation.OSDescription,
                    runtime = Environment.Version.ToString(),
                    figures = _figures.ToDictionary(
                        figure => figure.Key,
                        figure => new
                        {
                            value = Math.Round(figure.Value, 3),
                            unit = figure.Unit,
                            atMost = figure.AtMost,
                            atLeast = figure.AtLeast,
                            met = figure.Met,
                        },
                        StringComparer.Ordinal
                    ),
                },
                s_json
            )
        );
}
