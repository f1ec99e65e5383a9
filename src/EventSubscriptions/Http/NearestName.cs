namespace EventSubscriptions.Http;

/// <summary>Suggests the name that was probably meant.</summary>
public static class NearestName
{
    private const int MaxLength = 128;

    /// <summary>
    /// The candidate with the fewest edits, ignoring case; null if more than a third of the longer name would have to change.
    /// </summary>
    public static string? Find(string text, IEnumerable<string> candidates)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        string? nearest = null;
        var fewest = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var allowed = Math.Min(fewest - 1, Math.Max(text.Length, candidate.Length) / 3);
            if (
                candidate.Length <= MaxLength
                && Math.Abs(candidate.Length - text.Length) <= allowed
                && Distance(text, candidate) is var distance
                && distance <= allowed
            )
            {
                (nearest, fewest) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>What follows "is unknown": <c>; did you mean 'x'?</c>, or all candidates if none is near.</summary>
    public static string Hint(string text, IReadOnlyCollection<string> candidates) =>
        Find(text, candidates) is { } nearest ? $"; did you mean '{nearest}'?"
        : candidates.Count > 0 ? $"; expected one of {string.Join(", ", candidates)}"
        : "; none is expected";

    /// <summary>Insertions, deletions, substitutions and transpositions (the optimal string alignment distance).</summary>
    private static int Distance(string a, string b)
    {
        Span<int> beforeLast = stackalloc int[MaxLength + 1];
        Span<int> last = stackalloc int[MaxLength + 1];
        Span<int> current = stackalloc int[MaxLength + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
                }
            }

            var free = beforeLast;
            beforeLast = last;
            last = current;
            current = free;
        }

        return last[b.Length];
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
