using Azure.Data.Tables;

namespace LocalHost.Tables.Filters;

/// <summary>
/// A parsed OData filter. A property that is absent, or of a type that can't be compared with the literal, matches no comparison.
/// </summary>
internal abstract record Filter
{
    /// <summary>Whether the filter uses the keys and the timestamp only.</summary>
    public abstract bool UsesKeysOnly { get; }

    public abstract bool Matches(TableEntity entity);

    public sealed record And(Filter Left, Filter Right) : Filter
    {
        public override bool UsesKeysOnly => Left.UsesKeysOnly && Right.UsesKeysOnly;

        public override bool Matches(TableEntity entity) => Left.Matches(entity) && Right.Matches(entity);
    }

    public sealed record Or(Filter Left, Filter Right) : Filter
    {
        public override bool UsesKeysOnly => Left.UsesKeysOnly && Right.UsesKeysOnly;

        public override bool Matches(TableEntity entity) => Left.Matches(entity) || Right.Matches(entity);
    }

    public sealed record Not(Filter Operand) : Filter
    {
        public override bool UsesKeysOnly => Operand.UsesKeysOnly;

        public override bool Matches(TableEntity entity) => !Operand.Matches(entity);
    }

    public sealed record Comparison(string Property, Operator Operator, object Literal) : Filter
    {
        public override bool UsesKeysOnly => EntityCodec.IsSystem(Property);

        public override bool Matches(TableEntity entity) =>
            entity.TryGetValue(Property, out var value)
            && Order(value, Literal) is { } order
            && Operator switch
            {
                Operator.Eq => order == 0,
                Operator.Ne => order != 0,
                Operator.Gt => order > 0,
                Operator.Ge => order >= 0,
                Operator.Lt => order < 0,
                _ => order <= 0,
            };

        private static int? Order(object? value, object literal) =>
            (value, literal) switch
            {
                (string left, string right) => string.CompareOrdinal(left, right),
                (int left, int right) => left.CompareTo(right),
                (int or long, int or long) => ToInt64(value).CompareTo(ToInt64(literal)),
                (int or long or double, int or long or double) => ToDouble(value).CompareTo(ToDouble(literal)),
                (bool left, bool right) => left.CompareTo(right),
                (DateTimeOffset left, DateTimeOffset right) => left.CompareTo(right),
                (Guid left, Guid right) => left.CompareTo(right),
                (byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right),
                _ => null,
            };

        private static long ToInt64(object number) => number is int small ? small : (long)number;

        private static double ToDouble(object number) => number is double real ? real : ToInt64(number);
    }
}
