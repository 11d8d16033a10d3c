namespace OciImage.Layers;

/// <summary>Hears how a merged tree changes, so that something else can follow it.</summary>
internal interface IMergeListener
{
    /// <summary>A name is gone, with all below it; nothing else has it yet.</summary>
    void Removed(MergedDirectory parent, byte[] name, MergedSlot slot);

    /// <summary>Nothing of lower layers is left in a directory, and it stays.</summary>
    void Cleaned(MergedDirectory directory);
}
