namespace OciImage.Registry.Hosts;

/// <summary>The exception that is thrown when several registries may have what a short name stands for.</summary>
public sealed class ShortNameException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="candidates">What the name may stand for.</param>
    public ShortNameException(string message, IReadOnlyList<ImageReference> candidates)
        : base(message)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        Candidates = candidates;
    }

    /// <summary>Gets what the name may stand for, the preferred one first.</summary>
    public IReadOnlyList<ImageReference> Candidates { get; }

    internal static ShortNameException Ambiguous(string reference, IReadOnlyList<ImageReference> candidates)
    {
        const int shown = 8;
        string more = candidates.Count > shown ? $" and {candidates.Count - shown} more" : "";
        string names = string.Join(", ", candidates.Take(shown).Select(candidate => $"'{candidate}'"));

        return new ShortNameException(
            $"'{Excerpt.Of(reference)}' names no registry, has no alias, and may be {names}{more}; give one of them.", candidates);
    }
}
