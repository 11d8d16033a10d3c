namespace OciImage.Fuzz.Targets;

/// <summary>Thrown where a parser took an input and its result is not what it promises.</summary>
public sealed class BrokenPromiseException(string message) : Exception(message)
{
    /// <summary>Throws unless a promise holds.</summary>
    public static void Unless(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}
