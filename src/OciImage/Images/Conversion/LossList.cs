using System.Collections.Concurrent;

namespace OciImage.Images;

/// <summary>Collects what a conversion leaves out, or refuses it.</summary>
internal sealed class LossList(bool isAllowed)
{
    private readonly ConcurrentQueue<ConversionLoss> _losses = new();

    public void Add(Descriptor content, string message)
    {
        if (!isAllowed)
        {
            throw new ConversionException(content, message, canBeLeftOut: true);
        }

        _losses.Enqueue(new ConversionLoss(content.ToContentDescriptor(), message));
    }

    /// <summary>Returns the losses in an order that does not depend on which document was read first.</summary>
    public IReadOnlyList<ConversionLoss> ToList() =>
        [.. _losses.OrderBy(loss => loss.Content.Digest).ThenBy(loss => loss.Message, StringComparer.Ordinal)];
}
