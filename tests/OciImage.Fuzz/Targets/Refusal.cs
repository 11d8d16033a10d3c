namespace OciImage.Fuzz.Targets;

/// <summary>What a message about a foreign text promises.</summary>
internal static class Refusal
{
    private const int MaxMessage = 2000;

    /// <summary>Throws unless a message is short, is one line, and shows no secret.</summary>
    public static void Check(Exception exception, params ReadOnlySpan<string> secrets)
    {
        BrokenPromiseException.Unless(exception.Message.Length <= MaxMessage, "A message repeats much of the text.");
        BrokenPromiseException.Unless(!exception.Message.Any(char.IsControl), "A message has control characters.");
        foreach (string secret in secrets)
        {
            BrokenPromiseException.Unless(!exception.ToString().Contains(secret, StringComparison.Ordinal), "A message shows a secret.");
        }
    }
}
