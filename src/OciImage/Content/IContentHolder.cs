namespace OciImage.Content;

/// <summary>Keeps a store's collector from what work in progress puts there or finds there. A capability that a store may have.</summary>
public interface IContentHolder
{
    /// <summary>Begins a hold before the first content is looked for.</summary>
    /// <returns>What ends the hold, or <see langword="null"/> where the store cannot be written to.</returns>
    IDisposable? TryHold();
}
