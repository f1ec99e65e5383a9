namespace EventSubscriptions.Events;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class NearestName
{
    private const int LongestName = 256;

    /// <summary>The candidate with the fewest edits (Levenshtein, case aside), or null where even that one differs in more than a third.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        if (name.Length is 0 or > LongestName)
        {
            return null;
        }

        var lowered = name.ToLowerInvariant();
        var (nearest, distance) = candidates
            .Select(candidate => (candidate, Distance: Distance(lowered, candidate.ToLowerInvariant())))
            .MinBy(pair => pair.Distance);
        return nearest is not null && distance * 3 <= Math.Max(name.Length, nearest.Length) ? nearest : null;
    }

    internal static int Distance(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        Span<int> row = stackalloc int[LongestName + 1];
        row = row[..(right.Length + 1)];
        for (var column = 0; column <= right.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 1; line <= left.Length; line++)
        {
            var diagonal = row[0];
            row[0] = line;
            for (var column = 1; column <= right.Length; column++)
            {
                var substituted = diagonal + (left[line - 1] == right[column - 1] ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(substituted, Math.Min(diagonal, row[column - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
