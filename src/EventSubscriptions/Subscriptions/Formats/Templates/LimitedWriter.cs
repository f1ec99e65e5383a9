using System.Globalization;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>The output of a template, up to its limit.</summary>
internal sealed class LimitedWriter(RenderBudget budget) : StringWriter(CultureInfo.InvariantCulture)
{
    public override void Write(char value)
    {
        Check(1);
        base.Write(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        Check(count);
        base.Write(buffer, index, count);
    }

    public override void Write(ReadOnlySpan<char> buffer)
    {
        Check(buffer.Length);
        base.Write(buffer);
    }

    public override void Write(string? value)
    {
        Check(value?.Length ?? 0);
        base.Write(value);
    }

    private void Check(int length)
    {
        budget.CheckTime();
        if (GetStringBuilder().Length + length > RenderBudget.MaxOutput)
        {
            throw new TemplateException($"its output is longer than {RenderBudget.MaxOutput / 1024} KiB");
        }
    }
}
