using System.Globalization;
using System.Text.RegularExpressions;
using EventSubscriptions.Http;
using Fluid;
using Fluid.Ast;
using Fluid.Ast.BinaryExpressions;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>Finds names that a template can't know, and bounds its ranges.</summary>
internal sealed class TemplateRewriter(string text) : AstRewriter
{
    private readonly HashSet<string> _variables = new(TemplateVariables.All, StringComparer.Ordinal) { "forloop", "parentloop" };
    private readonly List<string> _roots = [];
    private readonly SortedSet<string> _secrets = new(StringComparer.Ordinal);
    private string? _error;

    /// <summary>The first error, as the rest of a sentence, or null.</summary>
    public string? Error =>
        _error
        ?? (
            _roots.Find(root => !_variables.Contains(root)) is { } unknown
                ? Invalid($"'{unknown}' is not a variable{NearestName.Hint(unknown, _variables)}", unknown)
                : null
        );

    /// <summary>The secrets that it uses by name.</summary>
    public IReadOnlyCollection<string> Secrets => _secrets;

    protected override Statement VisitAssignStatement(AssignStatement assignStatement)
    {
        _variables.Add(assignStatement.Identifier);
        return base.VisitAssignStatement(assignStatement);
    }

    protected override Statement VisitForStatement(ForStatement forStatement)
    {
        _variables.Add(forStatement.Identifier);
        return base.VisitForStatement(forStatement);
    }

    protected override Expression VisitMemberExpression(MemberExpression memberExpression)
    {
        _roots.Add(((IdentifierSegment)memberExpression.Segments[0]).Identifier);
        if (
            memberExpression.Segments
            is [IdentifierSegment { Identifier: TemplateVariables.Secrets }, IdentifierSegment { Identifier: var secret }, ..]
        )
        {
            _secrets.Add(secret);
        }

        foreach (var segment in memberExpression.Segments)
        {
            if (segment is IndexerSegment indexer)
            {
                Visit(indexer.Expression);
            }
        }

        return base.VisitMemberExpression(memberExpression);
    }

    protected override Expression VisitFilterExpression(FilterExpression filterExpression)
    {
        if (!TemplateFilters.Names.Contains(filterExpression.Name, StringComparer.Ordinal))
        {
            _error ??= Invalid(
                $"there is no filter '{filterExpression.Name}'{NearestName.Hint(filterExpression.Name, TemplateFilters.Names)}",
                filterExpression.Name
            );
        }

        return base.VisitFilterExpression(filterExpression);
    }

    protected override Expression VisitRangeExpression(RangeExpression rangeExpression) =>
        new BoundedRange(Visit(rangeExpression.From), Visit(rangeExpression.To));

    protected override Expression VisitContainsBinaryExpression(ContainsBinaryExpression containsBinaryExpression) =>
        new BoundedContains(Visit(containsBinaryExpression.Left), Visit(containsBinaryExpression.Right));

    /// <summary>Fluid's tree has no positions, so this is where the word first occurs.</summary>
    private string Invalid(string why, string word)
    {
        var at = Regex.Match(text, $@"(?<![\w]){Regex.Escape(word)}(?![\w])", RegexOptions.None, TimeSpan.FromSeconds(1)).Index;
        var before = text.AsSpan(0, at);
        return TemplateParser.IsInvalid(
            why,
            (before.Count('\n') + 1).ToString(CultureInfo.InvariantCulture),
            (at - before.LastIndexOf('\n')).ToString(CultureInfo.InvariantCulture)
        );
    }

    /// <summary>A search for a text that is not too long.</summary>
    private sealed class BoundedContains(Expression left, Expression right) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var (where, what) = (await left.EvaluateAsync(context), await right.EvaluateAsync(context));
            RenderBudget.Of(context).CheckArgument(what.ToStringValue());
            return where.Contains(what) ? BooleanValue.True : BooleanValue.False;
        }

        protected override Expression Accept(AstVisitor visitor) => this;
    }

    /// <summary>A range whose items are taken from the budget before they are made.</summary>
    private sealed class BoundedRange(Expression from, Expression to) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var first = decimal.Truncate((await from.EvaluateAsync(context)).ToNumberValue());
            var last = decimal.Truncate((await to.EvaluateAsync(context)).ToNumberValue());
            var count = last < first ? 0 : decimal.ToInt64(Math.Min(last - first + 1, int.MaxValue));
            RenderBudget.Of(context).TakeItems(count);
            var items = new FluidValue[count];
            for (var i = 0; i < items.Length; i++)
            {
                items[i] = NumberValue.Create(first + i);
            }

            return new ListValue(items);
        }

        protected override Expression Accept(AstVisitor visitor) => this;
    }
}
