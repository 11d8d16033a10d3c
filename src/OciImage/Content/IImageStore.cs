namespace OciImage.Content;

/// <summary>A place to which images go and from which they come: one repository's worth.</summary>
public interface IImageStore : IContentStore, IImageSource, IReferenceTagger;
