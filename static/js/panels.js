// The modules that a page asks for by its data- attributes; the desk needs none of them.
import { attachListUpload } from "./list_upload.js";
import { attachLook } from "./look.js";
import { follow } from "./progress.js";
import { attachStoryboard } from "./storyboard.js";
import { sendAfterLooks } from "./telling.js";
import { attachUpload } from "./upload.js";

document.querySelectorAll("[data-progress-url]").forEach(follow);
document.querySelectorAll("form[data-upload]").forEach(attachUpload);
document.querySelectorAll("form[data-list-uploads]").forEach(attachListUpload);
document.querySelectorAll("[data-storyboard]").forEach(attachStoryboard);
document.querySelectorAll("[data-look]").forEach(attachLook);
document.querySelectorAll("[data-film-look]").forEach((root) => import("./look_film.js").then(({ attachFilmLook }) => attachFilmLook(root)));
document.querySelectorAll("form[data-after-look]").forEach(sendAfterLooks);
