using System.Text;

namespace OciImage.Registry.Hosts;

/// <summary>Reads files of configuration: at most 1 MiB of UTF-8, and errors that name the file and quote nothing of it.</summary>
internal static class ConfigurationFile
{
    public const int MaxSize = 1024 * 1024;

    private const int FirstSize = 4096;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the text of a file, or returns <see langword="null"/> where there is none.</summary>
    public static async ValueTask<string?> ReadTextAsync(string path, CancellationToken cancellationToken)
    {
        byte[]? bytes = await ReadAsync(path, cancellationToken).ConfigureAwait(false);
        try
        {
            return bytes is null ? null : Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Fault(path, null, "it is not UTF-8");
        }
    }

    /// <summary>Makes the error for a file: where it is wrong, and why, without a quote of what may be secret.</summary>
    public static DocumentFormatException Fault(string path, int? line, string fault) =>
        new(line is null ? $"'{Excerpt.Of(path)}' is malformed: {fault}." : $"'{Excerpt.Of(path)}' is malformed at line {line}: {fault}.");

    /// <summary>Makes the error for a file or a directory that is there and cannot be read.</summary>
    public static DocumentFormatException Unreadable(string path, Exception exception) =>
        new($"'{Excerpt.Of(path)}' cannot be read: {Excerpt.Of(exception.Message)}", innerException: exception);

    private static async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            await using (stream.ConfigureAwait(false))
            {
                // Pipes and other things that stand for files do not tell their length.
                byte[] bytes = new byte[FirstSize];
                int length = 0;
                while (await stream.ReadAsync(bytes.AsMemory(length), cancellationToken).ConfigureAwait(false) is var read and > 0)
                {
                    length += read;
                    if (length > MaxSize)
                    {
                        throw Fault(path, null, $"it has more than {MaxSize} bytes");
                    }

                    Array.Resize(ref bytes, length == bytes.Length ? length * 2 : bytes.Length);
                }

                return bytes[..length];
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, exception);
        }
    }
}
