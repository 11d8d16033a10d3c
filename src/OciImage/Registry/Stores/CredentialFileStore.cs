using System.Text.Encodings.Web;
using System.Text.Json;

namespace OciImage.Registry.Stores;

/// <summary>Reads and replaces the bytes of a file of credentials.</summary>
internal static class CredentialFileStore
{
    private const int MaxSize = 4 * 1024 * 1024;
    private const int NotADirectory = 20;

    private static readonly JsonWriterOptions Format = new()
    {
        Indented = true,
        IndentCharacter = '\t',
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a document; returns null where there is no file, or an empty one.</summary>
    /// <exception cref="DocumentFormatException">It is malformed, or larger than 4 MiB.</exception>
    public static async ValueTask<ConfigDocument?> ReadAsync(string path, bool isLegacy, CancellationToken cancellationToken)
    {
        try
        {
            return await ParseAsync(path, isLegacy, cancellationToken).ConfigureAwait(false);
        }
        catch (DocumentFormatException exception) when (exception.MarkAsConfiguration())
        {
            throw;
        }
    }

    private static async ValueTask<ConfigDocument?> ParseAsync(string path, bool isLegacy, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await ReadBytesAsync(path, cancellationToken).ConfigureAwait(false);
        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes["\uFEFF"u8.Length..];
        }

        return bytes.Span.ContainsAnyExcept(" \t\r\n"u8) ? ConfigDocument.Parse(path, bytes.Span, isLegacy) : null;
    }

    /// <summary>Returns the file that a change goes to: behind a link, which stays one, in a directory that is there.</summary>
    public static string Prepare(string path)
    {
        string target = path;
        for (int links = 0; new FileInfo(target).LinkTarget is { } link; links++)
        {
            target = links < 40
                ? Path.GetFullPath(link, Path.GetDirectoryName(target)!)
                : throw new IOException($"'{path}' is a link in a circle.");
        }

        string directory = Path.GetDirectoryName(target)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return target;
    }

    /// <summary>Replaces a file as a whole, readable and writable for its owner only.</summary>
    public static void Write(string path, ConfigDocument document)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(temporary, options))
            {
                using (var writer = new Utf8JsonWriter(stream, Format))
                {
                    document.Root.WriteTo(writer);
                }

                stream.WriteByte((byte)'\n');
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static async ValueTask<byte[]> ReadBytesAsync(string path, CancellationToken cancellationToken)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException || IsInAFile(exception))
        {
            return [];
        }

        await using (stream.ConfigureAwait(false))
        {
            // Not by its length: a pipe has none.
            using var bytes = new MemoryStream();
            byte[] buffer = new byte[8 * 1024];
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > MaxSize)
                {
                    throw new DocumentFormatException($"'{path}' is malformed: it has more than {MaxSize} bytes.");
                }
            }

            return bytes.ToArray();
        }
    }

    // DOCKER_CONFIG=/dev/null is a way to have none.
    private static bool IsInAFile(Exception exception) =>
        exception is IOException { HResult: NotADirectory } && !OperatingSystem.IsWindows();
}
