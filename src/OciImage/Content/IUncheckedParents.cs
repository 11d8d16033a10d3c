namespace OciImage.Content;

/// <summary>Marks a local store that takes documents without what they refer to, so that one which is there proves nothing.</summary>
/// <remarks>
/// A registry looks for a manifest's children before it takes it, and asking it again costs requests. Here nobody looked: a
/// sparse copy, another tool or a layer with a manifest's bytes may have brought it, and looking costs little.
/// </remarks>
public interface IUncheckedParents;
