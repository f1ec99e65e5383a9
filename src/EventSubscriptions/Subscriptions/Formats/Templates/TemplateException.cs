namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>A template fails on an event. The message is for people, and has nothing of the event.</summary>
internal sealed class TemplateException(string message, Exception? inner = null) : Exception(message, inner);
