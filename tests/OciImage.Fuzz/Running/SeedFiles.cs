namespace OciImage.Fuzz.Running;

/// <summary>Reads the inputs that mutations start from; they lie beside the program.</summary>
internal static class SeedFiles
{
    public static IReadOnlyList<byte[]> Read(string target)
    {
        string directory = Path.Combine(AppContext.BaseDirectory, "Corpus", target);
        return [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }
}
