using System.Text;
using System.Text.Json;

namespace OciImage.Engines;

/// <summary>Reads an answer of JSON lines. A failure in it stands where all else went well: the status was sent before.</summary>
internal static class DockerAnswerReader
{
    private const int MaxLineLength = 1024 * 1024;
    private const long MaxLength = 16L * 1024 * 1024;
    private const int MaxImages = 1000;
    private static readonly string[] LoadedPrefixes = ["Loaded image: ", "Loaded image ID: "];

    /// <summary>Reads to the end and returns the images that the engine says it loaded.</summary>
    /// <exception cref="EngineException">The engine says that it failed, or its answer is no JSON, or has no end.</exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        DockerConnection connection, string action, Stream body, CancellationToken cancellationToken)
    {
        var images = new List<string>();
        using var line = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        long total = 0;
        int count;
        while ((count = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            total += count;
            ReadOnlyMemory<byte> left = buffer.AsMemory(0, count);
            while (!left.IsEmpty)
            {
                int end = left.Span.IndexOf((byte)'\n');
                ReadOnlyMemory<byte> part = end < 0 ? left : left[..end];
                if (line.Length + part.Length > MaxLineLength || total > MaxLength)
                {
                    throw connection.Socket.Error(
                        EngineErrorKind.InvalidAnswer,
                        $"Cannot {action}: the answer of Docker at '{connection.Socket.Path}' does not end.");
                }

                line.Write(part.Span);
                left = end < 0 ? default : left[(end + 1)..];
                if (end >= 0)
                {
                    Take(connection, action, line, images);
                }
            }
        }

        Take(connection, action, line, images);
        return images;
    }

    private static void Take(DockerConnection connection, string action, MemoryStream line, List<string> images)
    {
        if (line.Length == 0)
        {
            return;
        }

        byte[] bytes = line.ToArray();
        line.SetLength(0);
        if (bytes.All(item => item is (byte)' ' or (byte)'\r' or (byte)'\t'))
        {
            return;
        }

        DockerLine? message;
        try
        {
            message = JsonSerializer.Deserialize(bytes, DockerJsonContext.Default.DockerLine);
        }
        catch (JsonException exception)
        {
            throw connection.NotJson(action, exception);
        }

        if ((message?.ErrorDetail?.Message ?? message?.Error) is { } fault)
        {
            throw connection.Socket.Error(
                EngineErrorKind.Failed, $"Cannot {action}: Docker at '{connection.Socket.Path}' says '{EngineText.Of(fault)}'.");
        }

        foreach (string prefix in LoadedPrefixes)
        {
            if (message?.Stream is { } said && said.StartsWith(prefix, StringComparison.Ordinal) && images.Count < MaxImages)
            {
                images.Add(EngineText.Of(said.AsSpan(prefix.Length)));
            }
        }
    }
}
