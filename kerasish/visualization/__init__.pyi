# Written by scripts/make_names.py.
from kerasish.visualization.boxes import draw_bounding_boxes as draw_bounding_boxes
from kerasish.visualization.galleries import plot_bounding_box_gallery as plot_bounding_box_gallery
from kerasish.visualization.galleries import plot_image_gallery as plot_image_gallery
from kerasish.visualization.galleries import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
from kerasish.visualization.masks import draw_segmentation_masks as draw_segmentation_masks

__all__: list[str]
