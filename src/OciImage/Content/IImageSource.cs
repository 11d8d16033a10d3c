namespace OciImage.Content;

/// <summary>A place from which images come: one repository, one layout, one archive.</summary>
public interface IImageSource : IContentFetcher, IReferenceResolver;
