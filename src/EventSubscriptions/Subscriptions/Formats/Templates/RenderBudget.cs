using System.Globalization;
using Fluid;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>What one rendering of a template may use. Templates come from users, and Fluid itself bounds neither text nor time.</summary>
internal sealed class RenderBudget(TimeProvider time, bool writesJson)
{
    /// <summary>All text that filters make, in characters.</summary>
    public const int MaxText = 1024 * 1024;

    /// <summary>All items of arrays and ranges that are read or made.</summary>
    public const int MaxItems = 10_000;

    /// <summary>The steps of a rendering: outputs, texts, assignments and passes of a loop.</summary>
    public const int MaxSteps = 10_000;

    /// <summary>The output in characters.</summary>
    public const int MaxOutput = 256 * 1024;

    /// <summary>All text that is read from the event, in characters.</summary>
    public const int MaxRead = 16 * 1024 * 1024;

    /// <summary>The members of all objects in which names are looked up.</summary>
    public const int MaxMembers = 4_000_000;

    /// <summary>The longest argument of a filter, and text to search for, in characters: longer ones make a search slow.</summary>
    public const int MaxArgument = 1000;

    /// <summary>
    /// The other limits end most renderings sooner. It is a time on the clock, in which a busy machine may do little, and a new process
    /// compiles first.
    /// </summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    private readonly long _start = time.GetTimestamp();
    private int _text;
    private int _read;
    private int _members;
    private int _items;

    /// <summary>Whether the output is JSON, so that JSON needs no encoding.</summary>
    public bool WritesJson => writesJson;

    /// <summary>The budget of a rendering.</summary>
    public static RenderBudget Of(TemplateContext context) => (RenderBudget)context.AmbientValues[nameof(RenderBudget)];

    public void AssignTo(TemplateContext context) => context.AmbientValues[nameof(RenderBudget)] = this;

    /// <summary>Takes text that is about to be made, or that can't be much longer than what it was made of.</summary>
    public void TakeText(long length)
    {
        CheckTime();
        if (length > MaxText - _text)
        {
            throw new TemplateException(Text($"it makes more than {MaxText} characters of text"));
        }

        _text += (int)length;
    }

    /// <summary>Takes text that is about to be read from the event.</summary>
    public void TakeRead(int length)
    {
        CheckTime();
        if (length > MaxRead - _read)
        {
            throw new TemplateException(Text($"it reads more than {MaxRead} characters of the event"));
        }

        _read += length;
    }

    /// <summary>Takes the members of an object in which a name is about to be looked up.</summary>
    public void TakeMembers(int count)
    {
        CheckTime();
        if (count > MaxMembers - _members)
        {
            throw new TemplateException(Text($"it looks names up among more than {MaxMembers} members of objects"));
        }

        _members += count;
    }

    public void CheckArgument(string text)
    {
        CheckTime();
        if (text.Length > MaxArgument)
        {
            throw new TemplateException(Text($"an argument is longer than {MaxArgument} characters"));
        }
    }

    /// <summary>Takes items before they are read or made.</summary>
    public void TakeItems(long count)
    {
        CheckTime();
        if (count > MaxItems - _items)
        {
            throw new TemplateException(Text($"it uses more than {MaxItems} items of arrays"));
        }

        _items += (int)count;
    }

    public void CheckTime()
    {
        if (time.GetElapsedTime(_start) > MaxTime)
        {
            throw new TemplateException(Text($"it takes longer than {MaxTime.TotalSeconds} s"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
