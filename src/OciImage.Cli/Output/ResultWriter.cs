using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OciImage.Cli.Output;

/// <summary>Writes results to the standard output.</summary>
internal static class ResultWriter
{
    /// <summary>Writes the digest of content, or all that is known of it as JSON.</summary>
    public static void WriteContent(CommandContext context, ParseResult result, string location, Descriptor content)
    {
        if (result.GetValue(context.Json))
        {
            WriteJson(
                context,
                new ContentResult(location, content.Digest.ToString(), content.MediaType, content.Size),
                ResultJsonContext.Results.ContentResult);
            return;
        }

        context.Terminal.Out.WriteLine(content.Digest);
    }

    public static void WriteJson<T>(CommandContext context, T value, JsonTypeInfo<T> typeInfo) =>
        context.Terminal.Out.WriteLine(JsonSerializer.Serialize(value, typeInfo));
}
