namespace OciImage.Layout;

/// <summary>Parses the documents that make a layout of a directory or an archive. An error names the file.</summary>
internal static class LayoutDocument
{
    /// <summary>Checks that <c>oci-layout</c> is of the version that is known.</summary>
    /// <param name="bytes">The content of the file.</param>
    /// <param name="file">The file, for messages.</param>
    /// <exception cref="DocumentFormatException">The file is malformed, or of another version.</exception>
    public static void CheckVersion(ReadOnlyMemory<byte> bytes, string file)
    {
        string version = Parse<OciLayoutHeader>(bytes, file).Value.ImageLayoutVersion;
        if (version != OciLayoutHeader.CurrentVersion)
        {
            throw new DocumentFormatException(
                $"'{file}' has the layout version '{Excerpt.Of(version)}', expected '{OciLayoutHeader.CurrentVersion}'.",
                "$.imageLayoutVersion");
        }
    }

    /// <exception cref="DocumentFormatException">The file is malformed.</exception>
    public static OciDocument<T> Parse<T>(ReadOnlyMemory<byte> bytes, string file, DocumentOptions? limits = null)
        where T : class, IOciDocumentModel<T>
    {
        try
        {
            return OciDocument<T>.Parse(bytes, null, limits);
        }
        catch (DocumentFormatException exception)
        {
            throw new DocumentFormatException($"'{file}': {exception.Message}", exception.Path, exception);
        }
    }
}
